/** Makes every property test repeatable: fixed seed unless PROPERTY_SEED asks for another (a number, or `random` to explore). */
import fc from 'fast-check';

const wanted = process.env['PROPERTY_SEED'] ?? '4242';
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted) });
