import { lang } from './lang'

// Instants arrive as RFC 3339 text in +08:00 and are shown as they are written:
// an office in Chengchuan reads Beijing time wherever the browser stands.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const WEEK_ZH = '日一二三四五六'
const WEEK_EN = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

function weekday(day: string): number {
  return new Date(day + 'T00:00:00Z').getUTCDay()
}

/** "11月27日 周五", with the year if it is not the year of `now`. "" for none. */
export function dayText(at: string | undefined, now = ''): string {
  if (!at) return ''
  const [y, m, d] = at.slice(0, 10).split('-')
  const other = now !== '' && now.slice(0, 4) !== y
  const w = weekday(at.slice(0, 10))
  if (lang.value === 'zh') return `${other ? y + '年' : ''}${Number(m)}月${Number(d)}日 周${WEEK_ZH[w]}`
  return `${WEEK_EN[w]} ${Number(d)} ${MONTHS[Number(m) - 1]}${other ? ' ' + y : ''}`
}

/** "11-27", or "2027-01-04" if the year differs from that of `now`. */
export function shortDay(at: string | undefined, now = ''): string {
  if (!at) return ''
  return now !== '' && now.slice(0, 4) !== at.slice(0, 4) ? at.slice(0, 10) : at.slice(5, 10)
}

/** "2026-11-23 08:30". */
export function stamp(at: string | undefined): string {
  return at ? at.slice(0, 16).replace('T', ' ') : ''
}

/** The end of a time that is not included: midnight is the end of the day before. */
export function endStamp(at: string | undefined): string {
  if (!at || at.slice(11, 16) !== '00:00') return stamp(at)
  return new Date(Date.parse(at.slice(0, 10) + 'T00:00:00Z') - 86400000).toISOString().slice(0, 10)
}

/** "08:30". */
export function clockText(at: string | undefined): string {
  return at ? at.slice(11, 16) : ''
}

/** The instant of a receipt: microseconds since 1970 UTC, written like stamp() in +08:00. */
export function microStamp(us: number): string {
  return stamp(new Date(us / 1000 + 8 * 3_600_000).toISOString())
}

/** Whole days from one instant to another, by the calendar of +08:00. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to.slice(0, 10)) - Date.parse(from.slice(0, 10))) / 86_400_000)
}
