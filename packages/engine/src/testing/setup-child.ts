// A set-up in a process of its own, to be killed: `setup-child.ts <folder> [hang]`, where it hangs in the smoke check.
// FAKE_TOOL and FAKE_SCRIPT replace one of the pretended tools.
import { setUpEngine } from '../setup/setup.ts';
import { stage } from './setup.ts';

const [folder, hang] = process.argv.slice(2);
const { options, tool } = stage(folder);
const { FAKE_TOOL, FAKE_SCRIPT } = process.env;
if (FAKE_TOOL && FAKE_SCRIPT) tool(FAKE_TOOL, FAKE_SCRIPT);
const slow = async () => {
  console.log('smoke');
  return await new Promise<never>(() => setInterval(() => undefined, 1000));
};
const result = await setUpEngine(hang ? { ...options, smoke: slow } : options);
console.log(result.action);
