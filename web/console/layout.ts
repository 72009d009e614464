// Placing the nodes of a small directed graph in columns.

/**
 * Gives columns of node ids: every node stands right of all that lead to it,
 * edges that would close a ring are ignored, and within a column nodes stand
 * near the middle of their neighbours to the left.
 */
export function layers(ids: string[], edges: { from: string; to: string }[]): string[][] {
  const known = new Set(ids)
  const out = new Map<string, string[]>(ids.map((id) => [id, []]))
  for (const e of edges) if (known.has(e.from) && known.has(e.to) && e.from !== e.to) out.get(e.from)!.push(e.to)

  const depth = new Map<string, number>()
  const open = new Set<string>()
  const sorted: string[] = []
  const forward: { from: string; to: string }[] = []
  const visit = (id: string) => {
    if (depth.has(id)) return
    depth.set(id, 0)
    open.add(id)
    for (const to of [...out.get(id)!].reverse()) { // sorted is filled from its end
      if (open.has(to)) continue // a ring: this edge is drawn backwards
      forward.push({ from: id, to })
      visit(to)
    }
    open.delete(id)
    sorted.unshift(id)
  }
  ;[...ids].reverse().forEach(visit)
  for (const id of sorted) {
    for (const e of forward) if (e.from === id) depth.set(e.to, Math.max(depth.get(e.to)!, depth.get(id)! + 1))
  }

  const cols: string[][] = []
  for (const id of sorted) (cols[depth.get(id)!] ??= []).push(id)
  const rank = new Map<string, number>()
  for (const col of cols) {
    const mean = (id: string) => {
      const from = forward.filter((e) => e.to === id).map((e) => rank.get(e.from) ?? 0)
      return from.length ? from.reduce((a, b) => a + b, 0) / from.length : 0
    }
    const want = new Map(col.map((id) => [id, mean(id)]))
    col.sort((a, b) => want.get(a)! - want.get(b)!)
    col.forEach((id, i) => rank.set(id, i))
  }
  return cols
}
