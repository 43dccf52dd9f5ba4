// The search module: finds what is said and who it is about. It keeps nothing of its own; the words are cut by the tables.
export { searchRoutes } from './search-routes.ts'
