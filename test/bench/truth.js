// Whose latencies are true? `npm run bench -- truth [CASE...] [RATE...]`: the built program and every installed rival on a server
// whose response times are known, at 1,000 and 10,000 requests per second. About three minutes for all cases.
import { register } from 'node:module';

register('./typescript-hooks.js', import.meta.url);
const { benchTruth, caseNames } = await import('./truth-cases.js');

const isRate = (word) => /^[1-9]\d{1,4}$/.test(word);
const rates = process.argv.slice(2).filter(isRate).map(Number);
const names = process.argv.slice(2).filter((word) => !isRate(word));
if (names.some((name) => !caseNames.includes(name))) {
  console.error(`usage: truth [CASE...] [RATE...], of ${caseNames.join(', ')} and 10 to 99999`);
  process.exitCode = 2;
} else {
  await benchTruth(names.length === 0 ? caseNames : names, rates.length === 0 ? [1_000, 10_000] : rates);
}
