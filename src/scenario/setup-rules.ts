/** Rules of what has to be on the disk for a variant: the client's package in its version, its Node, the server's certificates. */
import { resolve } from 'node:path';
import type { BrokenRule } from './broken-rule.ts';
import { clientTables } from './clients/tables.ts';
import type { FilledConfig } from './defaults.ts';
import { clientDetails } from './fill-strategy.ts';
import { quote } from './problem.ts';
import type { SetupFiles } from './setup-files.ts';
import type { Parsed } from './units.ts';

/** Asks each question once, however many variants there are. */
export class SetupCheck {
  private readonly files: SetupFiles;
  private readonly folder: string;
  private readonly versions = new Map<string, Parsed<string>>();
  private readonly troubles = new Map<string, string | null>();

  /** `folder`: what relative paths are relative to; absolute. */
  constructor(files: SetupFiles, folder: string) {
    this.files = files;
    this.folder = folder;
  }

  /** The rules that a variant breaks that has passed all others. */
  rules(config: FilledConfig): readonly BrokenRule[] {
    return [...this.packageRules(config), ...this.runtimeRules(config), ...this.certificateRules(config)];
  }

  private packageRules(config: FilledConfig): readonly BrokenRule[] {
    const { name, version, modules } = clientDetails(config.client);
    const { package: wanted, versionRules } = clientTables[name];
    if (wanted === null) return [];
    const found = this.version(modules === undefined ? null : resolve(this.folder, modules), wanted);
    if (found.ok && (version === undefined || version === found.value)) {
      const rules = versionRules?.(found.value, config) ?? [];
      return rules.map((rule) => ({ ...rule, rule: `client-since-${rule.paths[0] ?? ''}` }));
    }
    const install = `npm install --prefix ${modules === undefined ? 'FOLDER' : quote(modules)} ${wanted}@${version ?? 'latest'}`;
    if (modules === undefined) {
      const has = found.ok ? `connbench's own ${wanted} is ${found.value}` : `connbench ${found.message}`;
      const message = `${has}; ${install}, and give client.modules FOLDER`;
      return [{ rule: 'client-version-own', paths: ['client.version', 'client'], message }];
    }
    const message = found.ok
      ? `${quote(modules)} has ${wanted} ${found.value}, not ${version ?? ''}; ${install}`
      : `${quote(modules)} ${found.message}; ${install}`;
    const paths = found.ok ? ['client.version', 'client.modules'] : ['client.modules'];
    return [{ rule: `client-version-${modules}`, paths, message }];
  }

  private runtimeRules({ client }: FilledConfig): readonly BrokenRule[] {
    const { runtime } = clientDetails(client);
    if (runtime === undefined) return [];
    const trouble = this.trouble('program', runtime);
    if (trouble === null) return [];
    return [{ rule: `client-runtime-${runtime}`, paths: ['client.runtime'], message: `${quote(runtime)} ${trouble}` }];
  }

  private certificateRules({ server }: FilledConfig): readonly BrokenRule[] {
    const ca = 'ca' in server ? server.ca : undefined;
    if (ca === undefined) return [];
    const trouble = this.trouble('certificates', ca);
    return trouble === null ? [] : [{ rule: `ca-${ca}`, paths: ['server.ca'], message: `${quote(ca)} ${trouble}` }];
  }

  private version(modules: string | null, name: string): Parsed<string> {
    const key = `${name}\0${modules ?? ''}`;
    const found = this.versions.get(key) ?? this.files.packageVersion(modules, name);
    this.versions.set(key, found);
    return found;
  }

  private trouble(kind: 'program' | 'certificates', written: string): string | null {
    const path = resolve(this.folder, written);
    const key = `${kind}\0${path}`;
    const known = this.troubles.get(key);
    if (known !== undefined) return known;
    const found = kind === 'program' ? this.files.programProblem(path) : this.files.certificatesProblem(path);
    this.troubles.set(key, found);
    return found;
  }
}
