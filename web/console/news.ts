// How many notices wait to be read: the bell in the bar, fresh whenever the server
// says that there are new ones.
import { ref, watch } from 'vue'
import { api, quietly } from './api'
import { told } from './live'

export const unread = ref(0)
let timer = 0

export async function countNews(): Promise<void> {
  try {
    unread.value = (await quietly(() => api.noticeCount())).unread
  } catch {
    // The bell keeps what it shows; the next event asks again.
  }
}

watch(told, () => {
  clearTimeout(timer)
  timer = window.setTimeout(() => void countNews(), 150)
})

/** Whoever looks at a matter has been told of it. */
export async function seenMatter(subject: number): Promise<void> {
  if (unread.value === 0) return
  try {
    unread.value = (await api.noticesSeen({ pos: Number.MAX_SAFE_INTEGER, subject })).unread
  } catch {
    // It stays unread; nothing is lost.
  }
}
