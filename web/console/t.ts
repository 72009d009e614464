import { speaker } from '../kit/lang'
import { frame } from '../texts/frame'
import { screens } from '../texts/screens'
import { work } from '../texts/work'

const texts = { ...frame, ...work, ...screens }

export type Key = keyof typeof texts
export const t = speaker(texts)
export const has = (key: string): boolean => key in texts
