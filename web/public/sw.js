// Keeps the program's own pages, so that they open without a network: the page
// as it was last fetched, and the files it names, which never change. What the
// server answers to a person is never kept.
const CACHE = 'touyan-pages-1'
const MOST = 150

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (e) => e.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url)
  if (e.request.method !== 'GET' || url.origin !== location.origin || url.pathname.startsWith('/api') || url.pathname.startsWith('/portal')) return
  if (e.request.mode === 'navigate') e.respondWith(page(e.request))
  else if (url.pathname.startsWith('/assets/') || url.pathname === '/theme.js' || url.pathname === '/icon.svg') e.respondWith(file(e.request))
})

async function page(request) {
  const cache = await caches.open(CACHE)
  try {
    const got = await fetch(request)
    if (got.ok && got.headers.get('Content-Type')?.startsWith('text/html')) await cache.put('/', got.clone())
    return got
  } catch (error) {
    const kept = await cache.match('/')
    if (kept) return kept
    throw error
  }
}

async function file(request) {
  const cache = await caches.open(CACHE)
  const named = new URL(request.url).pathname.startsWith('/assets/')
  if (named) {
    const kept = await cache.match(request)
    if (kept) return kept
  }
  try {
    const got = await fetch(request)
    if (got.ok) {
      await cache.put(request, got.clone())
      const keys = await cache.keys()
      for (const old of keys.slice(0, Math.max(0, keys.length - MOST))) if (new URL(old.url).pathname !== '/') await cache.delete(old)
    }
    return got
  } catch (error) {
    const kept = await cache.match(request)
    if (kept) return kept
    throw error
  }
}
