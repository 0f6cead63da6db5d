// Makes the list of all that is used (SBOM, CycloneDX 1.5): packages from npm by the lockfile, and the wheels of the engine.
// node --import tsx bench/faults/sbom.ts > sbom.cdx.json
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { licenceOf, licenceOfNvidia, wheels } from './wheels.ts';

interface Bom {
  readonly metadata: { readonly component: { name: string; readonly 'bom-ref': string } };
  readonly components: object[];
  readonly dependencies: { readonly ref: string; readonly dependsOn: string[] }[];
}

const options = ['--sbom-format', 'cyclonedx', '--package-lock-only'];
const root = fileURLToPath(new URL('../..', import.meta.url));
const bom = JSON.parse(
  execFileSync('npm', ['sbom', ...options], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 }),
) as Bom;
// npm gives the name of the folder of the checkout.
bom.metadata.component.name = 'selfsup';
const refs: string[] = [];
for (const wheel of wheels) {
  const { project: name, version, sha256, file } = wheel;
  const purl = `pkg:pypi/${name}@${version}?file_name=${file}`;
  const licence = licenceOf(wheel);
  refs.push(purl);
  bom.components.push({
    'bom-ref': purl,
    ...{ type: 'library', name, version, purl },
    // Only an engine for GPUs has them, and whoever sets one up fetches them from PyPI.
    scope: licence === licenceOfNvidia ? 'optional' : 'required',
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    // What is in no list of SPDX has a name there, not an id.
    licenses:
      licence === undefined ? [] : [{ license: licence === licenceOfNvidia ? { name: licence } : { id: licence } }],
  });
}
const ours = bom.dependencies.find(({ ref }) => ref === bom.metadata.component['bom-ref']);
if (ours === undefined) throw new Error('npm sbom lists no dependencies of this project: look at what it prints');
ours.dependsOn.push(...refs);
console.log(JSON.stringify(bom, null, 2));
