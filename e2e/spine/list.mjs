// Lists in a table: the template is downloaded, a list with faults is refused as
// a whole with each fault's row, the mended list is read.
//
//   node e2e/spine/list.mjs BASE_URL PASSWORD [DIRECTORY FOR PICTURES]
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DESK, PHONE, begin } from '../browser.mjs'
import { workbook } from '../files.mjs'
import { bring } from '../intake.mjs'

const HEAD = ['任务', '牵头单位', '协办单位', '完成时限']
const good = [['建成区级就业驿站5个', '市人社局', '市财政局', '2026年12月31日'], ['完成老旧小区改造75个', '市住建局', '', '2026-12-20']]
const bad = [good[0], ['新增学位6200个', '市教委会', '', '2026-12-20'], ['', '市人社局', '', '2026-12-20'], ['新增养老床位1500张', '市民政局', '', '明年某日']]

const walk = await begin()
try {
  for (const size of [DESK, PHONE]) {
    const at = size === DESK ? 'desk' : 'phone'
    const tang = await walk.be('tang', size)
    await walk.go(tang, '/imports')
    const count = (await walk.read(tang, '/api/imports')).length
    const saved = tang.waitForEvent('download')
    await tang.getByRole('link', { name: '下载清单模板' }).click()
    const template = readFileSync(await (await saved).path())
    assert.equal(template.subarray(0, 2).toString(), 'PK', 'the template is a workbook')

    // Faults are named by row, and nothing of the list is stored.
    const field = tang.locator('main input[type=file]')
    await field.setInputFiles({ name: '年度任务.xlsx', mimeType: 'application/octet-stream', buffer: workbook([HEAD, ...bad]) })
    const refused = tang.locator('.refused')
    await refused.getByText('整份没有导入').waitFor()
    assert.equal(await tang.evaluate(() => document.activeElement?.classList.contains('refused')), true, 'the errors have the focus')
    const rows = await refused.locator('tbody tr').evaluateAll((trs) => trs.map((tr) => [...tr.cells].map((c) => c.textContent)))
    assert.ok(rows.some(([row, column]) => row === '3' && column === '牵头单位'), JSON.stringify(rows))
    assert.ok(rows.some(([row]) => row === '4') && rows.some(([row]) => row === '5'), JSON.stringify(rows))
    await walk.look(tang, `list-errors-${at}`)
    assert.equal((await walk.read(tang, '/api/imports')).length, count, 'nothing is half imported')

    // What was pasted is still there after it was refused.
    await tang.fill('#paste', '任务\t牵头单位\n新增学位6200个\t市教委会')
    await tang.getByRole('button', { name: '读取' }).click()
    await refused.getByText('整份没有导入').waitFor()
    assert.match(await tang.inputValue('#paste'), /新增学位6200个/)

    // No list at all, and a file of another kind, are refused in words.
    await field.setInputFiles({ name: '照片.png', mimeType: 'image/png', buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47]) })
    const trouble = tang.locator('main .trouble')
    await trouble.waitFor()
    assert.ok(!/系统繁忙|undefined/.test(await trouble.textContent()))
    await walk.look(tang, `list-wrong-file-${at}`)

    const id = await bring(tang, walk, '年度任务.xlsx', workbook([HEAD, ...good]))
    const page = await walk.read(tang, `/api/imports/${id}`)
    assert.deepEqual(page.proposals.map((p) => p.lead.unit_name.zh), ['市人社局', '市住建局'])
    assert.equal(page.proposals[0].assist.length, 1)
    await walk.look(tang, `list-read-${at}`)
    // The template itself, unfilled or with its example, is answered in words too.
    await walk.go(tang, '/imports')
    await field.setInputFiles({ name: '模板.xlsx', mimeType: 'application/octet-stream', buffer: template })
    await Promise.race([trouble.waitFor(), refused.waitFor(), tang.waitForURL(/\/imports\/\d+$/)])
    await walk.look(tang, `list-template-${at}`)
  }
  console.log('lists: template downloaded, faults named row by row with nothing stored, mended list read; desk and phone')
} finally {
  await walk.end()
}
