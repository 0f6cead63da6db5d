/** The wheels that an engine is made of, for those who count what is pinned. */
export { recipeFor, unpackedPath, type Wheel } from '../setup/recipe.ts';
