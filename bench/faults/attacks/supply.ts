import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Attack, Outcome } from '../campaign.ts';
import { keepsLicence, licenceOf, licenceOfNvidia, wheels } from '../wheels.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const text = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

/** Licences under which a package may stand beside ours (Apache-2.0) and be linked with it. */
const compatible = [
  ...['MIT', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'CC0-1.0', 'Python-2.0'],
  // Weak copyleft: of their own files, and of a library that is linked dynamically.
  ...['MPL-2.0', 'LGPL-3.0-or-later'],
];

/** Packages from npm in the lockfile, by their folder. */
function locked(): [string, Locked][] {
  const { packages } = JSON.parse(text('package-lock.json')) as { packages: Record<string, Locked> };
  return Object.entries(packages).filter(([folder, { link }]) => folder.includes('node_modules/') && link !== true);
}

type Check = (folder: string) => { about: string; struck: number; seen: string[] };

const checks: Record<string, Check> = {
  licences: () => {
    const counts = new Map<string, number>();
    const seen: string[] = [];
    for (const [folder, { license = 'none' }] of locked()) {
      counts.set(license, (counts.get(license) ?? 0) + 1);
      const alternatives = license.replace(/[()]/g, '').split(' OR ');
      const isFine = alternatives.some((one) => one.split(' AND ').every((part) => compatible.includes(part)));
      if (!isFine) seen.push(`${folder}: ${license}`);
    }
    const list = [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${count} ${name}`);
    return { about: `licences: ${list.join(', ')}`, struck: locked().length, seen };
  },
  scripts: () => {
    const seen = /^ignore-scripts=true$/m.test(text('.npmrc')) ? [] : ['.npmrc lets install scripts run'];
    const having = locked()
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([folder]) => folder.replace(/^.*node_modules\//, ''));
    return {
      about: `install scripts: none runs; ${having.length} packages have one (${having.join(', ')})`,
      struck: having.length,
      seen,
    };
  },
  integrity: () => {
    const all = locked();
    const without = all.filter(([, { integrity }]) => integrity === undefined).map(([folder]) => folder);
    // What npm here has never fetched: binaries of other systems, of which its registry gives no digest.
    const others = without.filter((folder) => /(darwin|win32|freebsd|linux-arm|musl)/.test(folder));
    const seen = without.filter((folder) => !others.includes(folder));
    return {
      about: `digests of packages: ${all.length - without.length} pinned, ${others.length} of other systems are not`,
      struck: all.length,
      seen,
    };
  },
  wheels: () => {
    const seen = wheels.flatMap(({ project, version, file, sha256 }) => {
      const isOfIt = file.startsWith(`${project.replaceAll('-', '_')}-${version}-`) && file.endsWith('.whl');
      return [
        ...(isOfIt ? [] : [`${file} is no wheel of ${project} ${version}`]),
        ...(/^[0-9a-f]{64}$/.test(sha256) ? [] : [`${file} has no sha256`]),
        ...(wheels.filter((other) => other.sha256 === sha256).length === 1
          ? []
          : [`${file} has the sha256 of another`]),
      ];
    });
    return { about: `wheels of the engine: ${wheels.length}, each with its own sha256`, struck: wheels.length, seen };
  },
  'licences of wheels': () => {
    const ofNvidia = wheels.filter((wheel) => licenceOf(wheel) === licenceOfNvidia);
    const others = wheels.filter((wheel) => !ofNvidia.includes(wheel));
    const shipped = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
      .split('\n')
      .filter((name) => /\.(whl|node|dylib|so[.\d]*)$/.test(name));
    const seen = [
      ...others
        .filter((wheel) => !compatible.includes(licenceOf(wheel) ?? 'none'))
        .map((wheel) => `${wheel.file}: ${licenceOf(wheel) ?? 'its licence is in no list'}`),
      ...wheels.filter((wheel) => !keepsLicence(wheel)).map(({ file }) => `${file}: its licence is not unpacked`),
      ...shipped.map((name) => `${name} is a library in our repository`),
    ];
    return {
      about:
        `licences of wheels: ${others.length} Apache-2.0; ${ofNvidia.length} proprietary of NVIDIA, for GPUs alone: fetched ` +
        'from PyPI by whoever sets up such an engine, none in our repository, their texts kept beside them',
      struck: wheels.length,
      seen,
    };
  },
  actions: () => {
    const folder = '.github/workflows';
    const uses = readdirSync(join(root, folder)).flatMap((name) => text(join(folder, name)).match(/uses: .*/g) ?? []);
    const seen = uses.filter((line) => !/uses: [\w./-]+@[0-9a-f]{40}\b/.test(line));
    return { about: `actions of workflows: ${uses.length}, pinned by digest`, struck: uses.length, seen };
  },
  sbom: (folder) => {
    const script = ['--import', 'tsx', 'bench/faults/sbom.ts'];
    const bom = execFileSync(process.execPath, script, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
    writeFileSync(join(folder, 'sbom.cdx.json'), bom);
    const { bomFormat, specVersion, components } = JSON.parse(bom) as {
      bomFormat: string;
      specVersion: string;
      components: {
        name: string;
        version: string;
        licenses?: unknown[];
        hashes?: { alg: string; content: string }[];
      }[];
    };
    const listed = new Set(components.map(({ name, version }) => `${name}@${version}`));
    const missing = locked().filter(
      ([path, { version }]) => !listed.has(`${path.replace(/^.*node_modules\//, '')}@${version}`),
    );
    const lacking = wheels.filter(({ project, version, sha256 }) => {
      const one = components.find(({ name, version: its }) => name === project && its === version);
      return one?.licenses?.length !== 1 || one.hashes?.[0]?.content !== sha256;
    });
    return {
      about: `${bomFormat} ${specVersion} with ${components.length} components, ${wheels.length} of them wheels`,
      struck: components.length,
      seen: [
        ...missing.map(([path]) => `${path} is not in it`),
        ...lacking.map(({ file }) => `${file} is not in it, or without licence or digest`),
      ],
    };
  },
  signatures: () => {
    const { stdout, stderr, status } = spawnSync('npm', ['audit', 'signatures'], { cwd: root, encoding: 'utf8' });
    const said = `${stdout}${stderr}`.replace(/\S+:\/\/\S+/g, 'the registry').trim();
    // Where nothing can be asked nothing was struck; whatever else npm says is bad.
    const reason = Object.entries(notAsked).find(([, words]) => words.test(said))?.[0];
    const outcome = status === 0 ? said.split('\n').slice(0, 2).join(' ') : (reason ?? 'failed');
    return {
      about: `npm audit signatures: ${outcome}`,
      struck: status === 0 ? Number(/audited (\d+) packages?/.exec(said)?.[1] ?? 0) : 0,
      seen: status === 0 || reason !== undefined ? [] : said.split('\n').slice(0, 5),
    };
  },
};

/** Why signatures cannot be asked for, and how npm says so. */
const notAsked: Readonly<Record<string, RegExp>> = {
  'not asked: the registry has no signing keys':
    /found no dependencies to audit that were installed from a supported registry/,
  'not asked: no network to where the keys of registries are (Sigstore)':
    /(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT)\b[^]*tuf-repo-cdn\.sigstore\.dev/,
};

/** No attack, but what one would come through: each case is one check. */
const attack: Attack = {
  title: 'supply chain: licences, install scripts, digests, SBOM, signatures',
  isOfFilesHere: true,
  cases: Object.keys(checks).length,
  open({ folder }) {
    mkdirSync(folder, { recursive: true });
    const strike = (which: number): Outcome => {
      const { about, struck, seen } = Object.values(checks)[which]!(folder);
      return { struck, lost: 0, wrong: seen.length, unnoticed: 0, about, ...(seen.length > 0 ? { seen } : {}) };
    };
    // A check that throws rejects, and so gets its line.
    return Promise.resolve({ strike: (which: number) => Promise.resolve(which).then(strike) });
  },
};
export default attack;
