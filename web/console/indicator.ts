// What an indicator's page draws: the periods that are shown, and sentences that
// say what is seen. Pure arithmetic on what the API sent.
import { say } from '../kit/lang'
import type { IndicatorPage, SeriesRow } from './api/observatory'
import { capital, figure, percent, yearBefore } from './figures'
import type { Gap } from './parts/chart/GapChart.vue'
import type { Break, Line, Mark, Peer, Value } from './parts/chart/data'
import { lastKnown } from './parts/chart/data'
import { numberText } from './parts/chart/number'
import { t } from './t'

/** The periods that are shown, by their places in the page's labels. */
export interface Chosen {
  at: number[]
  labels: string[]
  /** Numbered as in notes. */
  breaks: Break[]
  /** What each break is. */
  notes: string[]
  ranks: Value[]
  /** The most that were ranked in a period. */
  of: number
  /** Others are compared with. */
  peers: boolean
  /** "10" where months from January are shown. */
  month: string
}

/** All periods, or those of the subject's newest month only; of the last years, or ever (0). */
export function chosen(p: IndicatorPage, every: boolean, years: number): Chosen {
  const own = p.series[0]?.values ?? []
  const newest = Math.max(lastKnown(own), 0)
  const month = p.labels[newest]?.slice(4) ?? ''
  const since = String(Number(p.labels[p.labels.length - 1]?.slice(0, 4)) - years)
  const at = p.labels.map((_, i) => i).filter((i) => (every || p.labels[i]!.slice(4) === month) && (!years || p.labels[i]! > since))
  const found: { at: number; text: string }[] = []
  for (const b of p.breaks) {
    const place = p.labels.indexOf(b.time)
    const i = at.findIndex((x) => x >= place)
    if (i < 1) continue
    const same = found.find((x) => x.at === i)
    if (!same) found.push({ at: i, text: say(b.text) })
    else if (!same.text.includes(say(b.text))) same.text += ' ' + say(b.text)
  }
  // The texts are long and may stand close together: the drawings bear numbers.
  const mark = (n: number) => (n < 20 ? String.fromCharCode(0x2460 + n) : String(n + 1))
  const breaks: Break[] = found.map((b, n) => ({ at: b.at, text: mark(n) }))
  const notes = found.map((b, n) => `${mark(n)} ${p.labels[at[b.at]!]} ${b.text}`)
  return {
    at, labels: at.map((i) => p.labels[i]!), breaks, notes, ranks: at.map((i) => p.ranks[i] ?? null), of: Math.max(1, ...at.map((i) => p.observed[i] ?? 0)),
    peers: p.series.length > 1, month: month.replace(/\D/g, '').replace(/^0/, ''),
  }
}

/** A subject's figures in the periods shown. */
export function lineOf(s: SeriesRow, c: Chosen, ours: boolean): Line {
  const provisional = new Set(s.provisional)
  const held = new Set(s.held)
  return { label: say(s.name), values: c.at.map((i) => s.values[i] ?? null), marks: c.at.map((i): Mark | undefined => (held.has(i) ? 'held' : provisional.has(i) ? 'provisional' : undefined)), ours }
}

/** The place of the newest period shown in which the subject has a figure. */
const newest = (p: IndicatorPage, c: Chosen) => lastKnown(c.at.map((i) => p.series[0]?.values[i] ?? null))

/** All in the subject's newest period. */
export function placesOf(p: IndicatorPage, c: Chosen): Peer[] {
  const i = c.at[newest(p, c)] ?? c.at[c.at.length - 1] ?? 0
  return p.series.map((s, n) => ({ label: say(s.name), code: s.code, value: s.values[i] ?? null, mark: s.held.includes(i) ? 'held' : s.provisional.includes(i) ? 'provisional' : undefined, ours: n === 0 }))
}

/** Ours less theirs so that more is better, to the leader, the next above and the one behind, and who they were. */
export function gapsOf(p: IndicatorPage, c: Chosen): { leader: Gap; next: Gap; chaser: Gap } | undefined {
  if (!c.peers) return
  const good = p.polarity === 'smaller' ? -1 : 1
  const who = (i: number, value: Value) => {
    if (value === null) return null
    const s = p.series.slice(1).find((x) => x.values[i] !== null && Math.abs(x.values[i]! - value) < 1e-9 * Math.max(1, Math.abs(value)))
    return s ? say(s.name) : null
  }
  const gap = (list: Value[], theirs: 1 | -1): Gap => ({
    // The API gives theirs less ours of who is above, and ours less theirs of who is behind.
    values: c.at.map((i) => (list[i] === null || list[i] === undefined ? null : -theirs * good * list[i]!)),
    who: c.at.map((i) => (list[i] === null || list[i] === undefined ? null : who(i, p.series[0]!.values[i]! + theirs * list[i]!))),
  })
  return { leader: gap(p.to_leader, 1), next: gap(p.to_next, 1), chaser: gap(p.to_chaser, -1) }
}

/** What each drawing shows, in a sentence. */
export function finding(p: IndicatorPage, c: Chosen): { stands: string; time: string; rank: string; peers: string; gap: string; ahead: string } {
  const name = say(p.subject.name)
  const what = say(p.name)
  const set = say(p.peers.name)
  const n = newest(p, c)
  if (n < 0) {
    const none = t('ind.nothing', { name, what })
    return { stands: none, time: none, rank: none, peers: none, gap: none, ahead: none }
  }
  const i = c.at[n]!
  const at = p.labels[i]!
  const own = p.series[0]!.values[i]!
  const value = figure(own, p.unit)
  const before = p.series[0]!.values[p.labels.indexOf(yearBefore(at))] ?? null
  const growth = before === null ? '' : p.rate ? t('ind.points', { by: numberText(Math.abs(own - before), 1), up: t(own < before ? 'ind.fell' : 'ind.rose') }) : before > 0 ? t('ind.grew', { by: percent(100 * (own / before - 1)) }) : ''
  const rank = p.ranks[i] ?? null
  const of = p.observed[i] ?? 0
  const first = c.ranks.findIndex((r) => r !== null)
  const gaps = gapsOf(p, c)
  const leader = gaps?.leader.values[n] ?? null
  const chaser = gaps?.chaser.values[n] ?? null
  const stands = t('ind.stands', { name, at, what, value }) + (rank && c.peers ? t('ind.ranks', { set, n: rank, of }) : '')
  const fan = p.forecast
  // The end of a year says more of what counts from January than any other month.
  const december = fan?.labels.findIndex((l) => l.endsWith('-12')) ?? -1
  const last = !fan ? -1 : p.cumulative && december >= 0 ? december : fan.point.length - 1
  return {
    stands,
    time: t('ind.stands', { name, at, what, value }) + growth,
    rank: first < 0 || !rank ? stands : t('ind.path', { name, set, from: c.labels[first]!, a: c.ranks[first]!, to: at, b: rank }),
    peers: rank ? capital(t('ind.among', { set, at, name, n: rank, of })) : stands,
    gap: rank === 1 && chaser !== null ? t('ind.leads', { name, at, who: gaps!.chaser.who?.[n] ?? '', by: figure(chaser, p.unit) }) : leader !== null && leader < 0 ? t('ind.behind', { name, at, who: gaps!.leader.who?.[n] ?? '', by: figure(-leader, p.unit) }) : stands,
    ahead: last < 0 ? '' : t('ind.ahead', { name, at: fan!.labels[last]!, value: figure(fan!.point[last]!, p.unit), low: numberText(fan!.lower_80[last]!), high: numberText(fan!.upper_80[last]!) }),
  }
}
