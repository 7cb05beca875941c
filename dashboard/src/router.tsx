import type { QueryClient } from "@tanstack/react-query";
import { checkoutParams } from "@automna/contract/billing";
import { isAppError } from "@automna/core/shared/app-error";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { z } from "zod";
import type { ApiClient } from "./api/api-client.ts";
import { agentsQuery, meQuery } from "./api/queries.ts";
import { LandingPage } from "./features/landing/LandingPage.tsx";
import { NotFoundPage, RouteTrouble } from "./layouts/RouteTrouble.tsx";

interface RouterContext {
  api: ApiClient;
  cache: QueryClient;
}

const rootRoute = createRootRouteWithContext<RouterContext>()({ component: Outlet, notFoundComponent: NotFoundPage });

const landingRoute = createRoute({ getParentRoute: () => rootRoute, path: "/", component: LandingPage });

/** Only our own paths: `//host` and `/\host` would leave the origin. */
const ownPath = z.string().regex(/^\/dashboard(\/[\w/-]*)?$/);

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: (search): { next?: string } => {
    const next = ownPath.safeParse(search["next"]);
    return next.success ? { next: next.data } : {};
  },
  component: lazyRouteComponent(() => import("./features/identity/SignInPage.tsx"), "SignInPage"),
});

const dashboardRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/dashboard",
  // What the pages need to know before they show: who is here, and is there an agent?
  loader: async ({ context: { api, cache }, location }) => {
    try {
      await Promise.all([cache.ensureQueryData(meQuery(api)), cache.ensureQueryData(agentsQuery(api))]);
    } catch (error) {
      if (isAppError(error, "not_signed_in") || isAppError(error, "session_expired")) {
        redirect({ to: "/sign-in", search: { next: location.pathname }, throw: true });
      }
      throw error;
    }
  },
  staleTime: Infinity,
  errorComponent: RouteTrouble,
  component: lazyRouteComponent(() => import("./layouts/DashboardRoot.tsx"), "DashboardRoot"),
});

const shellRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  id: "shell",
  component: lazyRouteComponent(() => import("./layouts/AppShell.tsx"), "AppShell"),
});

const chatRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  validateSearch: (search): { live?: true } => (search["live"] === true ? { live: true } : {}),
  component: lazyRouteComponent(() => import("./features/chat/ChatPage.tsx"), "ChatPage"),
});

const agentRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/agent",
  component: lazyRouteComponent(() => import("./features/status/StatusPage.tsx"), "StatusPage"),
});

const usageRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/usage",
  component: lazyRouteComponent(() => import("./features/usage/UsagePage.tsx"), "UsagePage"),
});

const appsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/apps",
  component: lazyRouteComponent(() => import("./features/apps/AppsPage.tsx"), "AppsPage"),
});

const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/settings",
  component: lazyRouteComponent(() => import("./features/settings/SettingsPage.tsx"), "SettingsPage"),
});

const onboardingRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/onboarding",
  component: lazyRouteComponent(() => import("./features/onboarding/OnboardingPage.tsx"), "OnboardingPage"),
});

const plansRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/plans",
  component: lazyRouteComponent(() => import("./features/plans/PlansPage.tsx"), "PlansPage"),
});

const checkoutReturnRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/plans/return",
  validateSearch: (search): { checkout?: string } => {
    const { success, data } = checkoutParams.shape.checkoutId.safeParse(search["checkout"]);
    return success ? { checkout: data } : {};
  },
  component: lazyRouteComponent(() => import("./features/plans/CheckoutReturnPage.tsx"), "CheckoutReturnPage"),
});

const routeTree = rootRoute.addChildren([
  landingRoute,
  signInRoute,
  dashboardRoute.addChildren([
    shellRoute.addChildren([chatRoute, agentRoute, appsRoute, usageRoute, settingsRoute]),
    onboardingRoute,
    plansRoute,
    checkoutReturnRoute,
  ]),
]);

export function makeRouter(context: RouterContext) {
  return createRouter({ routeTree, context, defaultPreload: "intent", scrollRestoration: true });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
