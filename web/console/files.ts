// Files on their way to the server: photos made smaller before they are sent, an
// upload that shows how far it is, and the names of what was chosen, which a draft
// keeps beside the digests that the form holds.
import { reactive } from 'vue'
import { Problem, uploadOf, type Uploaded } from './api'
import { keeper } from './draft'

const NAMES = 'touyan.draft.files' // goes with the drafts when a phone signs out
const LONGEST = 2048 // pixels of a photo's longer side

/** By the field's id: how many files are chosen and not yet sent. A form waits for them. */
export const waiting = reactive(new Map<string, number>())

interface Named {
  name: string
  size: number
}

function names(): Record<string, Named> {
  try {
    return JSON.parse(keeper().getItem(NAMES) ?? '{}') as Record<string, Named>
  } catch {
    return {}
  }
}

/** Remembers a name under a digest, or, until there is one, under the field. */
export function remember(key: string, named: Named | undefined): void {
  try {
    const { [key]: _, ...all } = names()
    keeper().setItem(NAMES, JSON.stringify(named ? { ...all, [key]: named } : all))
  } catch {
    // Storage is full or refused.
  }
}
export const named = (key: string): Named | undefined => names()[key]
/** Files that were chosen in a field and never sent: their names, not their contents, were kept. */
export const unsent = (field: string): [string, Named][] => Object.entries(names()).filter(([k]) => k.startsWith(field + '#'))

/** A photo with its longer side at most LONGEST, without place and camera; anything else as it is. */
export async function smaller(file: File): Promise<File> {
  if (!/^image\/(jpeg|png|heic|heif|webp)$/.test(file.type) && !/\.(heic|heif)$/i.test(file.name)) return file
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
    const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height))
    if (file.type === 'image/png' && scale === 1) return file
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(bitmap.width * scale))
    canvas.height = Math.max(1, Math.round(bitmap.height * scale))
    const draw = canvas.getContext('2d')
    if (!draw) return file
    draw.fillStyle = '#fff'
    draw.fillRect(0, 0, canvas.width, canvas.height)
    draw.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.85))
    return blob ? new File([blob], file.name.replace(/\.[^.]*$/, '') + '.jpg', { type: 'image/jpeg' }) : file
  } catch {
    return file // a kind that this browser cannot draw
  }
}

/** Sends a file; `progress` is told the part that has gone, 0 to 1. */
export function send(file: File, progress: (part: number) => void): Promise<Uploaded> {
  return uploadOf(file, progress)
}

export { Problem }

/** A size as people read it. */
export function sizeText(n: number): string {
  if (n >= 1 << 20) return `${(n / (1 << 20)).toFixed(1).replace(/\.0$/, '')} MB`
  if (n >= 1 << 10) return `${Math.round(n / (1 << 10))} KB`
  return `${n} B`
}
