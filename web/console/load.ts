import { onBeforeUnmount, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { Problem, quietly } from './api'
import { moved } from './live'

export interface Loaded<T> {
  data: ShallowRef<T | undefined>
  error: ShallowRef<Problem | undefined>
  busy: Ref<boolean>
  again: () => Promise<void>
}

export function asProblem(e: unknown): Problem {
  if (e instanceof Problem) return e
  return new Problem(0, 'internal', { zh: '本页出现差错，请刷新后再试。', en: 'This page failed; reload it and try again.' }, String((e as Error)?.message ?? ''))
}

/** Makes one call of a read: quietly if nobody asked for it just now. */
export type Ask = <R>(one: () => Promise<R>) => Promise<R>

/**
 * Reads something now, again whenever what `on` reads changes, and quietly when
 * the log moves if `live` and after each `every` milliseconds. A read of several
 * calls makes each by the `ask` that it is given. Late answers to old questions are
 * dropped; a failed quiet read leaves what is shown.
 */
export function load<T>(read: (ask: Ask) => Promise<T>, opt: { on?: () => unknown; live?: boolean | (() => boolean); every?: number } = {}): Loaded<T> {
  const data = shallowRef<T>()
  const error = shallowRef<Problem>()
  const busy = ref(false)
  let turn = 0
  let timer = 0

  async function run(quiet: boolean): Promise<void> {
    const mine = ++turn
    if (!quiet) busy.value = true
    try {
      const ask: Ask = quiet ? quietly : (one) => one()
      const got = await ask(() => read(ask))
      if (mine !== turn) return
      data.value = got
      error.value = undefined
    } catch (e) {
      if (mine !== turn) return
      if (!quiet || data.value === undefined) error.value = asProblem(e)
    } finally {
      if (mine === turn) busy.value = false
    }
  }

  if (opt.on) watch(opt.on, () => void run(false), { deep: true })
  if (opt.live) {
    watch(moved, () => {
      if (typeof opt.live === 'function' && !opt.live()) return
      clearTimeout(timer)
      timer = window.setTimeout(() => void run(true), 250) // one read for a burst of events
    })
  }
  const clock = opt.every ? setInterval(() => void run(true), opt.every) : 0
  onBeforeUnmount(() => {
    turn++
    clearTimeout(timer)
    clearInterval(clock)
  })
  void run(false)
  return { data, error, busy, again: () => run(false) }
}
