/** The JSON Schema of scenario files, made from the validator, so that editors complete and check them. */
import { z } from 'zod';
import {
  defaultBlocks,
  defaultClient,
  defaultClosedLoad,
  defaultCommand,
  defaultNetwork,
  defaultOpenLoad,
  defaultServer,
  defaultServerHttp2,
  defaultServerTls,
  defaultSteady,
  defaultStrategy,
  neutralStrategy,
} from './defaults.ts';
import { scenarioSchema } from './schema.ts';
import { neutralPolicies } from './server-policies.ts';

export type JsonObject = Record<string, unknown>;

/** JSON Schema 2020-12 of what a scenario file may hold, with the default of every knob of `base`. */
export function scenarioJsonSchema(): JsonObject {
  const schema = z.toJSONSchema(scenarioSchema, { io: 'input' }) as JsonObject;
  const properties = schema['properties'] as JsonObject;
  addDefaults(properties['base'], {
    client: defaultClient,
    strategy: {
      ...defaultStrategy,
      pool: { ...defaultStrategy.pool, ...neutralStrategy.pool },
      tcp: { ...defaultStrategy.tcp, ...neutralStrategy.tcp },
    },
    server: {
      ...defaultServer,
      ...defaultCommand,
      ...neutralPolicies,
      faults: [],
      tls: defaultServerTls,
      http2: defaultServerHttp2,
    },
    via: [],
    attackers: [],
    network: defaultNetwork,
    load: { ...defaultClosedLoad, ...defaultOpenLoad, shape: 'steady', steady: defaultSteady },
  });
  (properties['blocks'] as JsonObject)['default'] = defaultBlocks;
  return { ...schema, title: 'connbench scenario' };
}

/** Writes the default of each knob into its schema, down through maps. */
function addDefaults(schema: unknown, defaults: unknown): void {
  if (!isObject(schema)) return;
  const { properties } = schema;
  if (!isObject(properties) || !isObject(defaults)) {
    schema['default'] = defaults;
    return;
  }
  for (const [key, value] of Object.entries(defaults)) addDefaults(properties[key], value);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
