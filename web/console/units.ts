// The units of the city, read once and kept while the console is open.
import { ref, shallowRef } from 'vue'
import { say } from '../kit/lang'
import { api, type Unit } from './api'

const list = shallowRef<Unit[]>([])
const failed = ref(false)
let asked: Promise<void> | null = null

export function reloadUnits(): Promise<void> {
  asked = api.units().then(
    (got) => {
      list.value = inTree(got)
      failed.value = false
    },
    () => {
      failed.value = true
      asked = null
    },
  )
  return asked
}

export function useUnits() {
  if (!asked) void reloadUnits()
  const byId = (id: number) => list.value.find((u) => u.id === id)
  return {
    list,
    failed,
    byId,
    nameOf: (id: number) => say(byId(id)?.name),
    depth(u: Unit): number {
      let n = 0
      for (let p = byId(u.parent); p && n < 9; p = byId(p.parent)) n++
      return n
    },
  }
}

/** Parents before their children, in the order received. */
export function inTree(units: Unit[]): Unit[] {
  const known = new Set(units.map((u) => u.id))
  const out: Unit[] = []
  const walk = (parent: number) => {
    for (const u of units) {
      if (u.parent !== parent || out.includes(u)) continue
      out.push(u)
      walk(u.id)
    }
  }
  for (const u of units) {
    if (!u.parent || !known.has(u.parent)) {
      if (!out.includes(u)) out.push(u)
      walk(u.id)
    }
  }
  return out
}
