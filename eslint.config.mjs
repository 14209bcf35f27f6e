import nx from '@nx/eslint-plugin';
import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Who may import what. A layer imports lower layers only; a service never imports a service. */
const boundaries = [
  { sourceTag: 'layer:0', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'layer:1', onlyDependOnLibsWithTags: ['layer:0'] },
  { sourceTag: 'layer:2', onlyDependOnLibsWithTags: ['layer:0', 'layer:1'] },
  { sourceTag: 'layer:3', onlyDependOnLibsWithTags: ['layer:0', 'layer:1', 'layer:2'] },
  { sourceTag: 'layer:4', onlyDependOnLibsWithTags: ['layer:0', 'layer:1', 'layer:2', 'layer:3'] },
  { sourceTag: 'layer:5', onlyDependOnLibsWithTags: ['layer:0', 'layer:1', 'layer:2', 'layer:3', 'layer:4'] },
];

/** Packages that only one library may import. */
const owners = {
  'libs/kafka': ['kafkajs', '@kafkajs/confluent-schema-registry'],
  'libs/stores': ['ioredis', 'pg', 'kysely', 'node-pg-migrate'],
  'libs/service-kit': ['prom-client'],
};

/** Forbids each owned package to every file outside its owner. */
function ownership() {
  const forbid = (entries) => ({
    '@typescript-eslint/no-restricted-imports': [
      'error',
      { paths: entries.flatMap(([folder, names]) => names.map((name) => ({ name, message: `Only ${folder} imports ${name}.` }))) },
    ],
  });
  const entries = Object.entries(owners);
  return [
    { rules: forbid(entries) },
    ...entries.map(([owner]) => ({ files: [`${owner}/**`], rules: forbid(entries.filter(([folder]) => folder !== owner)) })),
    // Tests and benches may compare with the bare client.
    { files: ['libs/testing/**', '**/test/**', 'bench/**'], rules: { '@typescript-eslint/no-restricted-imports': 'off' } },
  ];
}

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.millrace/**', '**/generated/**', '.nx/**', 'spark-streaming/**', '**/*.mjs'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: ['./tsconfig.check.json', './services/*/tsconfig.dashboard.json', './libs/contracts/tools/tsconfig.json'], tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx, 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts', '.tsx'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
      'import-x/resolver-next': [importX.createNodeResolver({ extensions: ['.ts', '.tsx', '.js'], extensionAlias: { '.js': ['.ts', '.tsx', '.js'] }, conditionNames: ['@millrace/source', 'import', 'node', 'default'] })],
    },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          depConstraints: boundaries,
          // The libraries' own tests use libs/testing, which is built on them; only specs close that circle.
          ignoredCircularDependencies: ['kafka', 'stores', 'service-kit'].map((name) => ['@millrace/testing', `@millrace/${name}`]),
        },
      ],
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowStaticOnly: true }],
      'no-console': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-depth': ['error', 4],
      complexity: ['error', 15],
    },
  },
  ...ownership(),
  {
    files: ['**/*.{spec,int-spec,e2e-spec,data-spec}.ts', '{libs,services,tools}/*/test/**/*.ts', 'e2e/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Only tests may use libs/testing, which is built on the libraries they test.
      '@nx/enforce-module-boundaries': 'off',
    },
  },
);
