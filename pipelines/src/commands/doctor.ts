import { Command } from 'commander';
import { diagnose, type Finding } from '../doctor/diagnose.ts';
import { gatherFacts } from '../doctor/gather-facts.ts';
import { openSession } from '../run/session.ts';

export default new Command('doctor')
  .description('Check engine, packages, tools, disk and data, and say what to do where something is wrong')
  .option('--json', 'print facts and findings as JSON', false)
  .addHelpText(
    'after',
    `
Fetches nothing. Exit code 1 where something that Selfsup needs is broken; what only sets the engine
up, and data that is not on this machine, is not.

Example:
  selfsup doctor`,
  )
  .action(async ({ json }: { json: boolean }) => {
    const facts = await gatherFacts(openSession());
    const findings = diagnose(facts);
    const broken = findings.some(({ status }) => status === 'fail');
    console.log(json ? JSON.stringify({ ok: !broken, findings, facts }, null, 2) : describe(findings));
    if (broken) process.exitCode = 1;
  });

function describe(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length));
  return findings
    .flatMap(({ status, what, says, remedy }) => [
      `${status.padEnd(4)}  ${what.padEnd(width)}  ${says}`,
      ...(remedy === undefined || remedy === '' ? [] : [`${' '.repeat(width + 8)}remedy: ${remedy}`]),
    ])
    .join('\n');
}
