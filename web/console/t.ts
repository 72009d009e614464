import { speaker } from '../kit/lang'
import { chart } from '../texts/chart'
import { frame } from '../texts/frame'
import { insight } from '../texts/insight'
import { judgement } from '../texts/judgement'
import { observatory } from '../texts/observatory'
import { paper } from '../texts/paper'
import { screens } from '../texts/screens'
import { security } from '../texts/security'
import { work } from '../texts/work'

const texts = { ...frame, ...work, ...screens, ...security, ...insight, ...paper, ...chart, ...observatory, ...judgement }

export type Key = keyof typeof texts
export const t = speaker(texts)
/** A text as the title of a field in a form made from JSON Schema. */
export const both = (key: Key) => ({ 'x-zh': texts[key][0], 'x-en': texts[key][1] })
export const has = (key: string): boolean => key in texts
