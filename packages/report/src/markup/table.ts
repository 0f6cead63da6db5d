import { html, type Content, type Markup } from './html.ts';

/** A column of a table's head. */
export interface Column {
  readonly title: Content;
  /** Its cells are numbers, which stand to the right. */
  readonly number?: boolean;
}

/** A table that scrolls sideways where the page is narrow, and can be reached by the keyboard. */
export function table(parts: {
  /** What a reader who cannot see it hears. */
  readonly label: string;
  readonly caption: Content;
  readonly className?: string;
  /** Columns, or the rows of a head that is more than one row. */
  readonly head: readonly Column[] | Markup;
  /** Rows, or bodies where there are several. */
  readonly body: Content;
  /** Whether `body` is one or more `tbody`. */
  readonly bodies?: boolean;
}): Markup {
  const { label, caption, className, head, body, bodies } = parts;
  const columns = Array.isArray(head)
    ? html`<tr>
        ${(head as readonly Column[]).map(({ title, number }) => html`<th scope="col" class="${number === true && 'number'}">${title}</th>`)}
      </tr>`
    : (head as Markup);
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table class="${className}">
      <caption>
        ${caption}
      </caption>
      <thead>
        ${columns}
      </thead>
      ${
        bodies === true
          ? body
          : html`<tbody>
              ${body}
            </tbody>`
      }
    </table>
  </div>`;
}
