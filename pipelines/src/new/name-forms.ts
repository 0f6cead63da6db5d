import { UserError } from '@selfsup/kit/errors';
import { reservedNames } from '../store/artifacts.ts';

/** A name in the forms that generated files need. */
export interface NameForms {
  /** As given: `upside-down`. */
  readonly name: string;
  /** `upsideDown`, to which templates add a word, so that it is never a reserved one. */
  readonly camel: string;
  /** `UpsideDown`. */
  readonly pascal: string;
  /** `Upside down`, for headings. */
  readonly title: string;
}

const pattern = /^[a-z][a-z0-9-]*$/;

/** Checks a name and gives its forms. Throws `UserError` for one that cannot be a folder, an Nx project and a key. */
export function nameForms(name: string): NameForms {
  if (!pattern.test(name)) {
    throw new UserError(`'${name}' cannot be a name`, {
      remedy: 'Begin with a small letter, then small letters, digits and dashes, such as upside-down.',
    });
  }
  if (reservedNames.includes(name)) {
    throw new UserError(`The name '${name}' is reserved`, { remedy: `Take another than ${reservedNames.join(', ')}.` });
  }
  const words = name.split('-').filter((word) => word !== '');
  const pascal = words.map(capital).join('');
  return { name, camel: pascal[0]!.toLowerCase() + pascal.slice(1), pascal, title: capital(words.join(' ')) };
}

function capital(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}
