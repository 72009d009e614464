import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

/** Writes NAME.gz beside every text file, so that the server never compresses. */
function gzipTwins(dir: string): Plugin {
  const walk = (at: string): string[] =>
    readdirSync(at).flatMap((name) => {
      const path = join(at, name)
      return statSync(path).isDirectory() ? walk(path) : [path]
    })
  return {
    name: 'gzip-twins',
    apply: 'build',
    closeBundle() {
      for (const path of walk(dir)) {
        if (!/\.(js|css|html|svg|json)$/.test(path)) continue
        const plain = readFileSync(path)
        const packed = gzipSync(plain, { level: 9 })
        if (packed.length < plain.length) writeFileSync(path + '.gz', packed)
      }
    },
  }
}

/** In development, answers the console's and the portal's paths as the program does. */
function pages(): Plugin {
  return {
    name: 'pages',
    apply: 'serve',
    configureServer(server) {
      server.middlewares.use((req, _res, next) => {
        const path = (req.url ?? '/').split('?')[0]!
        const page = req.headers.accept?.includes('text/html') && !path.startsWith('/api') && !path.startsWith('/@')
        if (page) req.url = path.startsWith('/portal') ? '/portal/index.html' : '/index.html'
        next()
      })
    },
  }
}

export default defineConfig({
  appType: 'mpa',
  plugins: [vue(), pages(), gzipTwins('dist')],
  define: { __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  server: { proxy: { '/api': process.env.TOUYAN_URL ?? 'http://127.0.0.1:8080' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: ['chrome87', 'firefox78', 'safari14'],
    assetsInlineLimit: 0, // data: addresses are outside the content security policy
    chunkSizeWarningLimit: 400,
    manifest: 'manifest.json',
    rollupOptions: { input: { console: 'index.html', portal: 'portal/index.html' } },
  },
})
