/** The part `client` of the scenario format: what executes the strategy, in which version, on which Node. */
import { z } from 'zod';
import { clientNames } from './config.ts';
import { choice, knobs, word } from './knobs.ts';
import { quote } from './problem.ts';

const path = { pattern: /^(?!~)[^\0]{1,4000}$/, of: 'absolute or relative to the folder of the scenario, without ~' };
const name = choice({ description: 'What executes the strategy.', words: clientNames });
const longestText = 1000;

const options = z
  .record(
    word('An option.', /^[A-Za-z][A-Za-z0-9]{0,63}$/, 'the name of an option: letters and digits'),
    z.union([z.string().max(longestText), z.number(), z.boolean(), z.null()], {
      error: ({ input }) => `must be a single value, not ${quote(input)}`,
    }),
  )
  .describe("The client's own options by name; docs/clients.md lists them.");

const clientMap = knobs({
  name,
  version: word(
    'Version that its package must have.',
    /^\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[0-9A-Za-z.-]{1,100})?$/,
    'an exact version such as 6.26.0',
  ),
  modules: word(
    'Folder that its package is installed in, below node_modules; else connbench has its own.',
    path.pattern,
    `the path of a folder, ${path.of}`,
  ),
  runtime: word('Node binary that runs the client.', path.pattern, `the path of a Node binary, ${path.of}`),
  options,
});

export const clientSchema = z
  .union([name, clientMap], {
    error: ({ input }) => `must be ${clientNames.join(', ')}, or { name: ..., version: ... }, not ${quote(input)}`,
  })
  .describe('What executes the strategy: a client by name, or a map.');
export type ClientPatch = z.output<typeof clientSchema>;
export type ClientMap = z.output<typeof clientMap>;
