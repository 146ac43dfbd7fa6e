/** Where the broker's jars come from: Maven Central, once, into a cache folder of the repository. */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const here = dirname(fileURLToPath(import.meta.url))
const cache = join(here, '../../../node_modules/.cache/kafka/4.4.0')

const runs = (command: string, flag: string): boolean => spawnSync(command, [flag], { stdio: 'ignore' }).status === 0

/** What this machine lacks to run a broker; undefined when nothing. */
export const brokerMissing = (): string | undefined => {
  if (!runs('java', '-version')) return 'Java 17 or newer is not installed (apt-get install openjdk-17-jre-headless)'
  if (!existsSync(cache) && !runs('mvn', '-version')) return 'Maven is not installed (apt-get install maven)'
  return undefined
}

/** The class path of one Kafka broker. Downloads beside the cache and renames, so that two runs cannot see half of it. */
export const brokerJars = async (): Promise<string> => {
  if (!existsSync(cache)) {
    const fresh = `${cache}.${process.pid}`
    mkdirSync(fresh, { recursive: true })
    const goal = ['-q', '-B', '-f', join(here, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${fresh}`]
    await promisify(execFile)('mvn', goal, { timeout: 180_000 })
    try {
      renameSync(fresh, cache)
    } catch {
      rmSync(fresh, { recursive: true, force: true })
    }
  }
  return readdirSync(cache)
    .map((jar) => join(cache, jar))
    .join(':')
}
