// What happens to one part of a matter inside the human-resources bureau, on phones
// unless told otherwise: the liaison signs for it and puts it to the head, the head gives
// it to a section, the section names a clerk, the clerk reports, the head signs
// off; the office returns it once and then accepts.
import assert from 'node:assert/strict'
import { PHONE, choose, say } from './browser.mjs'

const first = (panel) => panel.locator('.el-select input').first()

export async function bureau(walk, lin, part, report, picture = () => undefined, size = PHONE) {
  const shen = await walk.be('shen', size)
  await walk.look(shen, picture('shen-today') ?? 'shen-today')
  await walk.act(shen, part, '签收', null, picture('sign'))
  await walk.act(shen, part, '提请分管负责人批办', (panel) => choose(shen, first(panel), '何清源'), picture('split'))
  const he = await walk.be('he', size)
  await walk.act(he, part, '批至科室', (panel) => choose(he, first(panel), '社会保险关系科'), picture('direct'))
  const song = await walk.be('song', size)
  await walk.act(song, part, '落实承办人', (panel) => choose(song, first(panel), '吴桐'), picture('allot'))
  const wu = await walk.be('wu', size)
  await walk.act(wu, part, '报送办理情况', async (panel) => {
    await say(report)(panel)
    await panel.getByText('已解决', { exact: true }).click()
  }, picture('report'))
  await walk.act(he, part, '审签同意', null, picture('signoff'))
  await walk.act(lin, part, '退回补充', say('请补充完成时间和群众反映情况。'), picture('return'))
  await walk.act(wu, part, '报送办理情况', say(report + '已逐户回访，群众反映良好。'))
  await walk.act(he, part, '审签同意')
  await walk.act(lin, part, '审核通过', null, picture('accept'))
  assert.equal((await walk.read(lin, `/api/matters/${part}`)).outcome, 'accepted')
}
