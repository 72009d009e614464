package attach

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // decodes what is previewed

	"touyan.dev/touyan/kernel/fault"
)

// Bounds of pictures that are previewed.
const (
	maxPixels  = 40_000_000
	previewMax = 1600 // pixels of the longer side
)

// Picture gives a small JPEG of a picture, upright, with nothing of the original
// but what is seen. NotFound for a kind that it cannot decode.
func Picture(data []byte) ([]byte, error) {
	const op = "attach.Picture"
	none := fault.New(fault.NotFound, op, "这种文件不能预览，请下载查看。", "This kind of file has no preview; download it.")
	cfg, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || cfg.Width < 1 || cfg.Height < 1 {
		return nil, none
	}
	if cfg.Width*cfg.Height > maxPixels {
		return nil, fault.New(fault.NotFound, op, "图片过大，不能预览，请下载查看。", "The picture is too large for a preview; download it.")
	}
	img, format, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, none
	}
	turn := 1
	if format == "jpeg" {
		turn = orientation(data)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, upright(shrink(img, previewMax), turn), &jpeg.Options{Quality: 80}); err != nil {
		return nil, fault.Wrap(op, err)
	}
	return out.Bytes(), nil
}

// shrink scales a picture so that its longer side fits, by the mean of the pixels
// that fall together, over white.
func shrink(img image.Image, longest int) *image.RGBA {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if m := max(w, h); m > longest {
		w, h = max(1, w*longest/m), max(1, h*longest/m)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		y0, y1 := b.Min.Y+y*b.Dy()/h, b.Min.Y+max((y+1)*b.Dy()/h, y*b.Dy()/h+1)
		for x := range w {
			x0, x1 := b.Min.X+x*b.Dx()/w, b.Min.X+max((x+1)*b.Dx()/w, x*b.Dx()/w+1)
			out.SetRGBA(x, y, mean(img, x0, y0, x1, y1))
		}
	}
	return out
}

func mean(img image.Image, x0, y0, x1, y1 int) color.RGBA {
	var r, g, b, n uint64
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			pr, pg, pb, pa := img.At(x, y).RGBA() // with alpha multiplied in
			white := uint64(0xffff - pa)
			r, g, b, n = r+uint64(pr)+white, g+uint64(pg)+white, b+uint64(pb)+white, n+1
		}
	}
	return color.RGBA{uint8(r / n >> 8), uint8(g / n >> 8), uint8(b / n >> 8), 255}
}

// upright turns a picture as its EXIF orientation (1 to 8) says.
func upright(img *image.RGBA, turn int) *image.RGBA {
	if turn < 2 || turn > 8 {
		return img
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if turn > 4 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch turn {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			out.SetRGBA(tx, ty, img.RGBAAt(x, y))
		}
	}
	return out
}

// orientation reads the EXIF orientation of a JPEG; 1 where it says none.
func orientation(data []byte) int {
	for at := 2; at+4 < len(data) && data[at] == 0xff; {
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		if size < 2 || at+2+size > len(data) {
			break
		}
		if segment := data[at+4 : at+2+size]; data[at+1] == 0xe1 && bytes.HasPrefix(segment, []byte("Exif\x00\x00")) {
			return tiffOrientation(segment[6:])
		}
		if data[at+1] == 0xda {
			break
		}
		at += 2 + size
	}
	return 1
}

func tiffOrientation(t []byte) int {
	if len(t) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if t[0] == 'M' {
		order = binary.BigEndian
	}
	first := int(order.Uint32(t[4:]))
	if first < 8 || first+2 > len(t) {
		return 1
	}
	for i := range int(order.Uint16(t[first:])) {
		at := first + 2 + 12*i
		if at+12 > len(t) {
			break
		}
		if order.Uint16(t[at:]) == 0x0112 {
			if turn := int(order.Uint16(t[at+8:])); turn >= 1 && turn <= 8 {
				return turn
			}
		}
	}
	return 1
}
