// Who has a matter in hand, in one line, wherever a matter is shown.
import { say } from '../kit/lang'
import type { Row } from './api'
import { t } from './t'

type Held = Pick<Row, 'holder_name' | 'waits_for' | 'unit_name' | 'status'>

/** The person, or the units it waits for; the first two of them by name. */
export function holderText(row: Held): string {
  if (row.holder_name) return row.holder_name
  const units = row.waits_for.map(say)
  if (units.length > 2) return t('holder.units', { units: units.slice(0, 2).join(t('holder.and')), n: units.length })
  if (units.length) return units.join(t('holder.and'))
  return row.status === 'open' || row.status === 'paused' ? say(row.unit_name) : ''
}

/** True if no limit runs because the matter, or all that it waits for, is paused. */
export function stopped(row: Pick<Row, 'status' | 'due' | 'children'>): boolean {
  return row.status === 'paused' || (row.status === 'open' && !row.due && !!row.children?.paused)
}
