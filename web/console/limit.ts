import { t } from './t'

/** Words for a limit such as 20wd@close; what follows the unit says how it is counted. */
export function limitText(limit: string): string {
  const m = /^(\d+)(wd|d|h)/.exec(limit)
  if (!m) return limit
  const n = Number(m[1])
  return m[2] === 'wd' ? t('limit.wd', { n }) : m[2] === 'h' ? t('limit.h', { n }) : t('limit.d', { n })
}
