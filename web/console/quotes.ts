// Quotes in a note's text: {{fact 123}}.

const QUOTE = /\{\{\s*fact\s+(\d{1,15})\s*\}\}/g

export const quoteOf = (id: number): string => `{{fact ${id}}}`

/** The facts that a text quotes, each once, in the order of the text. */
export function quotesIn(body: string): number[] {
  return [...new Set([...body.matchAll(QUOTE)].map((m) => Number(m[1])))]
}

export function withoutQuote(body: string, id: number): string {
  return body.replace(QUOTE, (all, digits: string) => (Number(digits) === id ? '' : all))
}

/** The text as it reads, with what each quoted fact says. */
export function spoken(body: string, says: (id: number) => string): string {
  return body.replace(QUOTE, (_, digits: string) => says(Number(digits)))
}
