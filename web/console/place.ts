// A kind such as docket.followup has a dot, and the server takes a path that ends
// in .something for a file: in addresses the dot becomes a slash.

export function placeOf(kind: string): string {
  return '/definitions/' + kind.replace(/\./g, '/')
}

export function kindOf(param: string | string[]): string {
  return (Array.isArray(param) ? param : [param]).join('.')
}
