// What happens to one part of a matter inside a unit, on phones unless told
// otherwise: the liaison signs for it and puts it to the head, the head gives it to
// a section, the section names a clerk, the clerk reports, the head signs off. The
// office may return it once, and then accepts it: as a rule its supervisor, or
// whoever is her deputy while she is away.
import assert from 'node:assert/strict'
import { PHONE, choose, say } from './browser.mjs'

const first = (panel) => panel.locator('.el-select input').first()

/** The human-resources bureau and, as another unit, the police. */
export const RENSHE = { liaison: 'shen', head: 'he', section: 'song', clerk: 'wu', of: '社会保险关系科' }
export const POLICE = { liaison: 'lu', head: 'gongan-h', section: 'gongan-s1', clerk: 'gongan-c1', of: '人口管理科' }

const called = async (walk, page) => (await walk.read(page, '/api/me')).person.name

/** The liaison signs for a part. */
export async function signed(walk, part, { unit = RENSHE, size = PHONE, picture = () => undefined } = {}) {
  const liaison = await walk.be(unit.liaison, size)
  if (picture('today')) await walk.look(liaison, picture('today'))
  await walk.act(liaison, part, '签收', null, picture('sign'))
  return liaison
}

/** From the liaison's desk to the clerk's. */
export async function split(walk, part, { unit = RENSHE, size = PHONE, picture = () => undefined } = {}) {
  const [liaison, head, section, clerk] = [await walk.be(unit.liaison, size), await walk.be(unit.head, size), await walk.be(unit.section, size), await walk.be(unit.clerk, size)]
  const [headName, clerkName] = [await called(walk, head), await called(walk, clerk)]
  await walk.act(liaison, part, '提请分管负责人批办', (panel) => choose(liaison, first(panel), headName), picture('split'))
  await walk.act(head, part, '批至科室', (panel) => choose(head, first(panel), unit.of), picture('direct'))
  await walk.act(section, part, '落实承办人', (panel) => choose(section, first(panel), clerkName), picture('allot'))
  return { liaison, head, section, clerk }
}

/** The clerk reports, with files, and the head signs off. */
export async function reported(walk, part, { head, clerk }, report, { files = [], picture = () => undefined } = {}) {
  await walk.act(clerk, part, '报送办理情况', async (panel) => {
    await say(report)(panel)
    const solved = panel.getByText('已解决', { exact: true })
    if (!(await solved.locator('input').isChecked().catch(() => false))) await solved.click()
    if (files.length) await panel.locator('.files input[multiple]').setInputFiles(files)
    for (const f of files) await panel.locator('.files li').filter({ hasText: f.name }).getByText('✓').waitFor()
  }, picture('report'))
  await walk.act(head, part, '审签同意', null, picture('signoff'))
}

/** The whole way through the human-resources bureau, returned once by the office. */
export async function bureau(walk, lin, part, report, how = {}) {
  await signed(walk, part, how)
  const people = await split(walk, part, how)
  await reported(walk, part, people, report, how)
  await walk.act(lin, part, '退回补充', say('请补充完成时间和群众反映情况。'), how.picture?.('return'))
  await reported(walk, part, people, report + '已逐户回访，群众反映良好。')
  await walk.act(lin, part, '审核通过', null, how.picture?.('accept'))
  assert.equal((await walk.read(lin, `/api/matters/${part}`)).outcome, 'accepted')
}
