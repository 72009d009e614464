// Files that people bring: a zip without compression, and in it the least that
// makes a workbook or a document.
import { crc32 } from 'node:zlib'

function zip(files) {
  const body = []
  const index = []
  let at = 0
  for (const [name, text] of Object.entries(files)) {
    const data = Buffer.from(text)
    const head = Buffer.alloc(26)
    head.writeUInt16LE(20, 0) // version 2.0
    head.writeUInt16LE(0x21, 8) // 1 January 1980
    head.writeUInt32LE(crc32(data), 10)
    head.writeUInt32LE(data.length, 14)
    head.writeUInt32LE(data.length, 18)
    head.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), head, Buffer.from(name), data])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(at, 10)
    index.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), head, tail, Buffer.from(name)]))
    body.push(local)
    at += local.length
  }
  const list = Buffer.concat(index)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(index.length, 4)
  end.writeUInt16LE(index.length, 6)
  end.writeUInt32LE(list.length, 8)
  end.writeUInt32LE(at, 12)
  return Buffer.concat([...body, list, Buffer.from('PK\x05\x06', 'latin1'), end])
}

const escaped = (s) => String(s).replace(/&/g, '&amp;').replace(/</g, '&lt;')
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const types = (parts) =>
  `${HEAD}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
  parts.map(([name, type]) => `<Override PartName="${name}" ContentType="application/vnd.openxmlformats-officedocument.${type}+xml"/>`).join('') + '</Types>'
const relation = (type, target) => `${HEAD}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/${type}" Target="${target}"/></Relationships>`

/** A workbook of one sheet, every cell a text. */
export function workbook(rows) {
  const cells = rows.map((row, i) => `<row r="${i + 1}">` + row.map((v, k) => `<c r="${String.fromCharCode(65 + k)}${i + 1}" t="inlineStr"><is><t>${escaped(v)}</t></is></c>`).join('') + '</row>')
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
  return zip({
    '[Content_Types].xml': types([['/xl/workbook.xml', 'spreadsheetml.sheet.main'], ['/xl/worksheets/sheet1.xml', 'spreadsheetml.worksheet']]),
    '_rels/.rels': relation('officeDocument', 'xl/workbook.xml'),
    'xl/workbook.xml': `${HEAD}<workbook xmlns="${main}" xmlns:r="${OFFICE}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relation('worksheet', 'worksheets/sheet1.xml'),
    'xl/worksheets/sheet1.xml': `${HEAD}<worksheet xmlns="${main}"><sheetData>${cells.join('')}</sheetData></worksheet>`,
  })
}

/** A document of plain paragraphs. */
export function document(text) {
  const word = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main'
  const paragraphs = text.split('\n').map((p) => `<w:p><w:r><w:t xml:space="preserve">${escaped(p)}</w:t></w:r></w:p>`)
  return zip({
    '[Content_Types].xml': types([['/word/document.xml', 'wordprocessingml.document.main']]),
    '_rels/.rels': relation('officeDocument', 'word/document.xml'),
    'word/document.xml': `${HEAD}<w:document xmlns:w="${word}"><w:body>${paragraphs.join('')}</w:body></w:document>`,
  })
}

const media = 'application/vnd.openxmlformats-officedocument.'

/** A document as a file to be chosen. */
export const docx = (name, text) => ({ name, mimeType: media + 'wordprocessingml.document', buffer: document(text) })

/** A workbook as a file to be chosen. */
export const xlsx = (name, rows) => ({ name, mimeType: media + 'spreadsheetml.sheet', buffer: workbook(rows) })

/** A photo as a phone takes it, drawn by the browser of a page. */
export async function photo(page, name) {
  const bytes = await page.evaluate(async () => {
    const c = window.document.createElement('canvas')
    c.width = 1600
    c.height = 1200
    const d = c.getContext('2d')
    for (let i = 0; i < 900; i++) {
      d.fillStyle = `hsl(${(i * 37) % 360} 40% 60%)`
      d.fillRect((i * 131) % 1600, (i * 197) % 1200, 90, 90)
    }
    const blob = await new Promise((ok) => c.toBlob(ok, 'image/jpeg', 0.9))
    return [...new Uint8Array(await blob.arrayBuffer())]
  })
  return { name, mimeType: 'image/jpeg', buffer: Buffer.from(bytes) }
}
