// Makes an empty LMDB environment in the folder that it is given; says on its standard output why it cannot.
import { open } from 'lmdb';

try {
  await open(process.argv[2], { encoding: 'binary', noSubdir: false, maxDbs: 1 }).close();
} catch (error) {
  console.log(error.message);
  process.exitCode = 1;
}
