// Figures of the observatory as the screens write them.
import { lang, say } from '../kit/lang'
import type { Coded, FactRow, FreqOverview, IndicatorRow } from './api/observatory'
import { numberText, signedText } from './parts/chart/number'
import { t } from './t'

/** "213.4 亿元"; "未公布" for what was not published. */
export function figure(value: number | null | undefined, unit?: { zh: string; en: string }): string {
  if (value === null || value === undefined) return t('chart.missing')
  const u = say(unit)
  const large = lang.value === 'en' && /^([\d,]+)( million)? (.+)$/.exec(u)
  if (large) return inLarge(value * Number(large[1]!.replaceAll(',', '')) * (large[2] ? 1e6 : 1), large[3]!)
  return u ? `${numberText(value)} ${u}`.replace(' %', '%') : numberText(value)
}

/** Chinese counts in tens of thousands and hundreds of millions, English does not. */
function inLarge(v: number, unit: string): string {
  const scale = Math.abs(v) >= 1e9 ? ([1e9, ' billion'] as const) : Math.abs(v) >= 1e6 ? ([1e6, ' million'] as const) : ([1, ''] as const)
  return `${numberText(v / scale[0])}${scale[1]} ${unit}`
}

/** With a capital: names of peer sets begin small. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** A difference in per cent with its sign. */
export const percent = (value: number): string => `${signedText(value, Math.abs(value) < 10 ? 1 : 0)}%`

/** The measure under a chart's title: indicator, unit, and whether it counts from January. */
export function measure(i: IndicatorRow, freq: number): string {
  const u = say(i.unit)
  return [say(i.name), u ? t('chart.unit', { unit: u }) : '', i.cumulative && freq > 1 ? t('watch.cumulative') : ''].filter(Boolean).join(' · ')
}

/** Where the indicator of a fact is looked at. */
export const indicatorOf = (f: FactRow) => ({ path: `/observatory/indicators/${f.indicator.code}`, query: { freq: f.freq, subject: f.subject?.code, peers: f.peers?.code } })

/** A cell of a file as spreadsheets name it. */
export const cellOf = (column?: string, line?: number): string => (line ? `${column ?? ''}${line}` : '')

/** A fact, and those that say the very same among other peers. */
export interface Said {
  fact: FactRow
  also: FactRow[]
}

/** The list with facts that differ by nothing but the peer set put together, in its order. */
export function merged(list: readonly FactRow[]): Said[] {
  const by = new Map<string, Said>()
  for (const f of list) {
    const bare = f.peers ? f.text.zh.replaceAll(f.peers.name.zh, '') : f.text.zh
    const key = [f.release, f.state, f.kind, f.indicator.code, f.subject?.code, bare].join('|')
    const have = by.get(key)
    if (have) have.also.push(f)
    else by.set(key, { fact: f, also: [] })
  }
  return [...by.values()]
}

/** The peer set that is looked at first: the province, then cities alike, then whichever the subject is of. */
export function firstSet(f: FreqOverview, subject: string): Coded | undefined {
  const of = f.peers.filter((p) => p.members.includes(subject))
  return of.find((p) => p.kind === 'province') ?? of.find((p) => p.kind === 'like') ?? of[0]
}

/** The same period of the year before, as the API writes it: "2026-09" → "2025-09". */
export const yearBefore = (period: string): string => period.replace(/^\d{4}/, (y) => String(Number(y) - 1))

/** A chance in words. */
export function chance(p: number): string {
  const word = p >= 0.95 ? 'sure' : p >= 0.8 ? 'likely' : p >= 0.6 ? 'rather' : p > 0.4 ? 'even' : p > 0.2 ? 'hardly' : p > 0.05 ? 'unlikely' : 'never'
  return t(`chance.${word}` as 'chance.sure', { p: word === 'sure' ? Math.min(99, Math.floor(100 * p)) : word === 'never' ? Math.max(1, Math.ceil(100 * p)) : Math.round(100 * p) })
}
