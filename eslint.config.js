// Lint rules: strict type-checked TypeScript, the boundaries between the rooms of src/, and the purity of the pure rooms.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What each room may import, besides itself. Data walks down the list; kernel, http and stats are open to every room below them. */
const rooms = {
  scenario: [],
  load: ['scenario', 'stats'],
  http: [],
  strategy: ['scenario', 'load', 'http', 'stats'],
  kernel: [],
  clients: ['scenario', 'load', 'http', 'strategy', 'kernel', 'stats'],
  lab: ['scenario', 'load', 'http', 'strategy', 'kernel', 'clients', 'stats'],
  server: ['scenario', 'load', 'http', 'strategy', 'kernel', 'clients', 'lab', 'stats'],
  hops: ['scenario', 'load', 'http', 'kernel', 'lab', 'server', 'stats'],
  attackers: ['scenario', 'kernel', 'stats'],
  generator: ['scenario', 'load', 'http', 'strategy', 'kernel', 'clients', 'lab', 'server', 'stats'],
  samplers: ['scenario', 'kernel', 'lab', 'server', 'generator', 'stats'],
  results: ['scenario', 'stats'],
  trial: [
    'scenario',
    'load',
    'kernel',
    'clients',
    'lab',
    'server',
    'hops',
    'attackers',
    'generator',
    'samplers',
    'results',
    'stats',
  ],
  stats: [],
  compare: ['scenario', 'results', 'stats'],
  model: ['scenario', 'results', 'stats'],
  report: ['scenario', 'results', 'compare', 'model', 'stats'],
  catalogue: ['scenario', 'results', 'compare', 'model', 'report', 'stats'],
};
const allRooms = [...Object.keys(rooms), 'cli'];
const pureRooms = ['load', 'http', 'strategy', 'stats', 'compare', 'model', 'report', 'catalogue'];

function boundary(room, allowed) {
  const forbidden = allRooms.filter((other) => other !== room && !allowed.includes(other));
  const patterns = forbidden.map((other) => ({
    regex: `^\\.\\./(\\.\\./)*${other}/`,
    message: `${room}/ may not import from ${other}/ (see ARCHITECTURE.md).`,
  }));
  if (pureRooms.includes(room)) {
    patterns.push({ regex: '^node:', message: `${room}/ is pure: no node: imports.`, allowTypeImports: true });
  }
  if (room !== 'kernel') {
    patterns.push({ regex: '^koffi$', message: 'Only kernel/ calls into native code.' });
  }
  return {
    files: [`src/${room}/**/*.ts`],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
  };
}

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'results', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Typed-array reads are checked by noUncheckedIndexedAccess; the hot loops assert them where the index is proven in range.
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
  {
    files: pureRooms.map((room) => `src/${room}/**/*.ts`),
    rules: {
      'no-restricted-globals': [
        'error',
        'process',
        'performance',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'Buffer',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Pure rooms take a seeded generator as an argument.' },
        { object: 'Date', property: 'now', message: 'Pure rooms take the time as an argument.' },
      ],
    },
  },
  ...Object.entries(rooms).map(([room, allowed]) => boundary(room, allowed)),
);
