// Contestants side by side: every one runs once per round, in turn, so that a drift of the machine meets all of them alike.

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `run(work)` of each contestant gives { requests, seconds, cpuUs }. Prints a table of medians. */
export async function compare(title, contestants, work, rounds) {
  const results = new Map(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of contestants) {
      process.stderr.write(`\r${title}: round ${round + 1}/${rounds} ${name}          `);
      const result = await run(work);
      results.get(name).push({
        perSecond: result.requests / result.seconds,
        cpuUs: result.cpuUs / result.requests,
      });
    }
  }
  process.stderr.write('\r' + ' '.repeat(60) + '\r');
  print(title, results);
}

/** Ratios are taken round by round, against the wrk of the same round; the median of those is shown. */
function print(title, results) {
  const base = results.get('wrk') ?? results.get('connbench');
  const baseName = results.has('wrk') ? 'wrk' : 'connbench';
  const cell = (value, digits) => value.toFixed(digits).padStart(10);
  console.log(`\n${title}`);
  console.log(
    `${'generator'.padEnd(14)}${'req/s'.padStart(10)}${`x ${baseName}`.padStart(10)}${'CPU us/req'.padStart(12)}${`x ${baseName}`.padStart(10)}`,
  );
  for (const [name, runs] of results) {
    const perSecond = median(runs.map((run) => run.perSecond));
    const cpuUs = median(runs.map((run) => run.cpuUs));
    const speedRatio = median(runs.map((run, round) => run.perSecond / base[round].perSecond));
    const cpuRatio = median(runs.map((run, round) => run.cpuUs / base[round].cpuUs));
    console.log(`${name.padEnd(14)}${cell(perSecond, 0)}${cell(speedRatio, 2)}  ${cell(cpuUs, 1)}${cell(cpuRatio, 2)}`);
  }
}
