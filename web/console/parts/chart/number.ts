import { lang } from '../../../kit/lang'

/** A number as people of the current language write it; `digits` decimals, else as many as needed up to two. */
export function numberText(value: number, digits?: number): string {
  return value.toLocaleString(lang.value === 'zh' ? 'zh-CN' : 'en-GB', { minimumFractionDigits: digits ?? 0, maximumFractionDigits: digits ?? 2 })
}

/** With its sign, as a difference is written. */
export function signedText(value: number, digits?: number): string {
  return (value > 0 ? '+' : '') + numberText(value, digits)
}
