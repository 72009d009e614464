import { ref } from 'vue'

export type Lang = 'zh' | 'en'

/** A sentence in both languages, as the API sends it. */
export interface Text {
  zh: string
  en: string
}

/** Every text of the screens: [Chinese, English]; `{name}` is filled in. */
export type Texts = Record<string, readonly [zh: string, en: string]>

const KEY = 'touyan.lang'

function stored(): Lang {
  try {
    return localStorage.getItem(KEY) === 'en' ? 'en' : 'zh'
  } catch {
    return 'zh'
  }
}

export const lang = ref<Lang>(stored())

export function setLang(to: Lang): void {
  lang.value = to
  document.documentElement.lang = to === 'en' ? 'en' : 'zh-CN'
  try {
    localStorage.setItem(KEY, to)
  } catch {
    // The choice then lasts until the page is left.
  }
}

/** Makes the function that looks a text up in the current language. */
export function speaker<T extends Texts>(texts: T) {
  return (key: keyof T & string, fill?: Record<string, string | number>): string => {
    const text = texts[key]![lang.value === 'zh' ? 0 : 1]
    return fill ? text.replace(/\{(\w+)\}/g, (_, name: string) => String(fill[name] ?? '')) : text
  }
}

/** The current language's half of a Text; the other half if this one is empty. */
export function say(text: Text | string | null | undefined): string {
  if (!text) return ''
  if (typeof text === 'string') return text
  return lang.value === 'zh' ? text.zh || text.en : text.en || text.zh
}
