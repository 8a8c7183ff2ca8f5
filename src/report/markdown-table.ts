/** Lines of a Markdown table. Cells come escaped. */

/** The line of headings and the line under it. */
export function tableHead(headings: readonly string[]): readonly string[] {
  return [row(headings), row(headings.map(() => '---'))];
}

export function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
