// Runs before the first paint, so that a dark screen does not flash white.
(function () {
  var root = document.documentElement
  try {
    var mode = localStorage.getItem('touyan.theme')
    var dark = mode === 'dark' || (mode !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
    root.classList.toggle('dark', dark)
    root.lang = localStorage.getItem('touyan.lang') === 'en' ? 'en' : 'zh-CN'
  } catch (_) { /* storage may be refused; the light screen is right then */ }
})()
