/**
 * Which backend computes: @tensorflow/tfjs-node where a user installed it, else WebAssembly, whose file lies beside the
 * bundle. Its glue installs handlers for the exceptions of the whole process, so it is loaded in the trainer's own only.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs-core'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'

const WASM = 'tfjs-backend-wasm-simd.wasm'

/** From source the package's own folder, in the bundle our own. */
const wasmFolder = (): string => {
  const here = path.dirname(fileURLToPath(import.meta.url))
  if (existsSync(path.join(here, WASM))) return here
  return path.dirname(createRequire(import.meta.url).resolve(`@tensorflow/tfjs-backend-wasm/dist/${WASM}`))
}

const nativeName = '@tensorflow/tfjs-node'

const useNative = async (): Promise<boolean> => {
  try {
    await import(nativeName)
    return await tf.setBackend('tensorflow')
  } catch {
    return false
  }
}

/** Resolves with the name of the backend that computes; rejects when there is none. */
export const openBackend = async (): Promise<string> => {
  if (await useNative()) return 'tfjs-node'
  const folder = wasmFolder()
  setWasmPaths(`${folder}${path.sep}`)
  // The glue asks for it, and a bundle of modules has none.
  Object.assign(globalThis, { __dirname: folder })
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend of TensorFlow.js does not start')
  return 'wasm'
}
