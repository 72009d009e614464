// The tokens as ECharts needs them: as colours, not as names of properties.
import { onBeforeUnmount, ref, type Ref } from 'vue'

export interface Paint {
  ink: string
  ink2: string
  line: string
  peer: string
  panel: string
  raised: string
  primary: string
  warning: string
  success: string
  /** Low to high. */
  scale: string[]
  font: string
}

export function readPaint(): Paint {
  const style = getComputedStyle(document.documentElement)
  const v = (name: string) => style.getPropertyValue(name).trim()
  return {
    ink: v('--ink'), ink2: v('--ink-2'), line: v('--line'), peer: v('--line-strong'), panel: v('--panel'), raised: v('--raised'),
    primary: v('--primary'), warning: v('--warning'), success: v('--success'),
    scale: [1, 2, 3, 4, 5, 6].map((n) => v(`--scale-${n}`)), font: v('--sans'),
  }
}

/** The paint of the present theme; follows the switch and the system. */
export function usePaint(): Ref<Paint> {
  const paint = ref(readPaint())
  const seen = new MutationObserver(() => (paint.value = readPaint()))
  seen.observe(document.documentElement, { attributes: true, attributeFilter: ['class'] })
  onBeforeUnmount(() => seen.disconnect())
  return paint
}

/** Black or white ink, whichever is read better on a #rrggbb ground. */
export function inkOn(ground: string): string {
  const part = (i: number) => {
    const c = parseInt(ground.slice(i, i + 2), 16) / 255
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }
  const light = 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
  return (light + 0.05) ** 2 > 0.06 ? '#10151d' : '#ffffff' // where both contrasts are equal
}
