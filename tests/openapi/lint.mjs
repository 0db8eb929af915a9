// Redocly's recommended rules: no error and no warning.
import {createConfig, lintFromString} from '@redocly/openapi-core';

const config = await createConfig({
  extends: ['recommended'],
  rules: {
    // Of the testing service only: "/v1/things/special" beside "/v1/things/{thing}". The literal wins, as in OpenAPI.
    'no-ambiguous-paths': 'off',
  },
});
const source = await (await fetch(`${process.env.LANTING_URL}/openapi.json`)).text();
const problems = await lintFromString({source, absoluteRef: '/openapi.json', config});
for (const problem of problems) {
  const at = problem.location.map((l) => l.pointer ?? '').join(' ');
  console.error(`${problem.severity} ${problem.ruleId}: ${problem.message} at ${at}`);
}
console.error(`${source.length} bytes, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
