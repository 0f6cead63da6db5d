export { html, trusted, type Content } from './html.ts';
export { styles } from './styles.ts';
