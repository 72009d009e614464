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

/**
 * Reads something now, again whenever what `on` reads changes, and quietly when
 * the log moves if `live`. Late answers to old questions are dropped; a failed
 * quiet read leaves what is shown.
 */
export function load<T>(read: () => Promise<T>, opt: { on?: () => unknown; live?: boolean | (() => boolean) } = {}): Loaded<T> {
  const data = shallowRef<T>()
  const error = shallowRef<Problem>()
  const busy = ref(false)
  let turn = 0
  let timer = 0

  async function run(quiet: boolean): Promise<void> {
    const mine = ++turn
    if (!quiet) busy.value = true
    try {
      const got = await (quiet ? quietly(read) : read())
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
  onBeforeUnmount(() => {
    turn++
    clearTimeout(timer)
  })
  void run(false)
  return { data, error, busy, again: () => run(false) }
}
