// What the screens know of claims and periods, without any screen.
import { say } from '../kit/lang'
import type { Claim, ClaimPage, Evidence, Verdict } from './api/observatory'
import { t } from './t'

export const VERDICTS: Verdict[] = ['agrees', 'disagrees', 'ambiguous', 'no_data']
/** A mark beside each verdict's colour and word. */
export const SIGN: Record<Verdict, string> = { agrees: '✓', disagrees: '✗', ambiguous: '?', no_data: '–' }

/** How many periods a year a period's label has: 2026, 2026Q3, 2026-10. */
export function freqOf(time: string): number {
  if (/^\d{4}$/.test(time)) return 1
  return /q/i.test(time) ? 4 : 12
}

/** Where a figure stands in its file; that it was worked out, where it stands in none. */
export function whereOf(e: Evidence): string {
  const s = e.source
  return s.file ? t('claims.where', { file: s.file, line: s.line ?? '', column: s.column ?? '' }) : t('claims.derived')
}

export const claimsOf = (page: ClaimPage): Claim[] => page.lines.flatMap((l) => l.pieces.flatMap((p) => (p.claim ? [p.claim] : [])))

export const plainOf = (page: ClaimPage): string => page.lines.map((l) => l.pieces.map((p) => p.text).join('')).join('\n')

/** The draft with a remark after each claim, for a message or a document. */
export function marked(page: ClaimPage): string {
  const remark = (c: Claim) => {
    const first = c.evidence.find((e) => e.source.file)
    return t('claims.copyNote', { sign: SIGN[c.verdict], name: say(c.name), why: say(c.why), source: first ? t('claims.copySource', { where: whereOf(first) }) : '' })
  }
  return page.lines.map((l) => l.pieces.map((p) => p.text + (p.claim ? remark(p.claim) : '')).join('')).join('\n')
}

/** Copies a text; pages of an intranet without TLS have no clipboard of their own. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const box = document.createElement('textarea')
    box.value = text
    document.body.append(box)
    box.select()
    const done = document.execCommand('copy')
    box.remove()
    return done
  }
}
