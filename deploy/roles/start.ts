/** Starts a role by name. Each is a chunk of its own, so that a process loads only what it runs. */
import type { Role, RoleContext, RoleName } from './role.ts'

export const startRole = async (name: RoleName, context: RoleContext): Promise<Role> => {
  switch (name) {
    case 'ingress':
      return (await import('./ingress.ts')).startIngressRole(context)
    case 'processors':
      return (await import('./processors.ts')).startProcessorsRole(context)
    case 'sinks':
      return (await import('./sinks.ts')).startSinksRole(context)
    case 'console':
      return (await import('./console.ts')).startConsoleRole(context)
  }
}
